"""How the site is built: `sphinx-build -W --keep-going -b html docs OUT`, with `pip install "autograd-core[docs]"` before.

Nothing is fetched, neither when the site is built nor when it is read. The notebooks are shown as they are committed, and
the docstrings as they are written: docstrings.py says them in reStructuredText, formulas.py draws formulas in MathML.
"""

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import docstrings  # noqa: E402
import formulas  # noqa: E402
import site_pages  # noqa: E402

import autograd_core  # noqa: E402

project = "autograd-core"
author = "The autograd-core developers"
copyright = author
version = release = autograd_core.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
]
exclude_patterns = ["_build", "**.ipynb_checkpoints", "notebooks/*.py"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}

nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 4
myst_dmath_double_inline = True

autosummary_generate = False
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90
python_display_short_literal_types = True
toc_object_entries_show_parents = "hide"
pygments_style, pygments_dark_style = "friendly", "github-dark"

html_theme = "furo"
html_title = "autograd-core"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
smartquotes = False  # "none" is what is written in code


def setup(app: Any) -> None:
    docstrings.setup(app)
    formulas.setup(app)
    site_pages.setup(app)
