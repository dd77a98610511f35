"""The debugger in a terminal, with the verbs of pdb and gdb."""
