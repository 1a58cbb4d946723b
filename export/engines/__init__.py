"""Plans of TensorRT and TensorRT-RTX: built from a model for a card, with a sidecar that says what was built.

model.onnx ── source ──▶ ONNX that the library takes ── builder ──▶ plan + layers ── plans ──▶ files
              INT8 checked, its float rest halved                   measured where the card is here
"""
