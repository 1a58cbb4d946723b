"""Stage two: checkpoints become ONNX models, FP32, FP16 and INT8, and are compared."""
