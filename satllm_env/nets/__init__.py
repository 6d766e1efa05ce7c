"""Small trained networks, and the data they are trained on: what compression and the testbed measure.

`load_net` gives a shipped network, one that `scripts/train_net.py` made, or a Hugging Face model from a
local folder, each behind the interface of `SplitNet`; `image_source` and `text_data.text` give the data.
"""
