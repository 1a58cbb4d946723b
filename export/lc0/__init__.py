"""Networks of Leela Chess Zero as models of ours.

    NETWORK.pb.gz
      file.py        gzip, bounded, and protobuf      -> Net        messages.py declares what is read
      format.py      refuses what is not supported    -> Format
      weights.py     decodes, folds batch norms       -> Network    layers.py is what it is made of
      graph.py       draws the ONNX graph             -> ModelProto policy_map.py orders the moves
      importer.py    the four in a row, and the file that is written

Source of the format: https://github.com/LeelaChessZero/lczero-common (`proto/net.proto`) and lc0's
`src/neural` (`loader.cc`, `network_legacy.cc`, `onnx/converter.cc`).
"""
