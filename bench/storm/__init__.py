"""The storm: a studio of separate processes that are killed while people use it. See ``__main__``."""
