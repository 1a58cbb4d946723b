"""The commands `import`, `export`, `quantize`, `compare` and `describe`, each imported when it is called.

options     what several of them take
written     a model file just written: its line on the screen, its entry in the JSON document
progress    bars on stderr
"""
