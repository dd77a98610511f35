"""A session as one page, which steps both ways without a server or network, and as a widget in a notebook."""
