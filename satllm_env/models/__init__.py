"""Layer profiles: what each block of a model computes, weighs and sends.

`registry.architecture(name)` or `huggingface.from_hf_config(path)` gives an architecture,
`profile.profile(architecture, ...)` the layers that the split problem asks for.
"""
