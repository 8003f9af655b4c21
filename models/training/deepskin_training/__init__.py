"""Training of the DeepSkin classifier: from HAM10000 to one self-contained ONNX file."""
