"""The commands that train and use networks. Each module has an `add_command(commands)`, which adds its own to a parser."""
