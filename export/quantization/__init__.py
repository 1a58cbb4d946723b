"""INT8 in steps that each stand alone; `export.quantize` puts them in order.

layers      which convolutions there are, and a graph in which each has weights of its own
equalize    channels brought to like ranges, without changing any answer
ranges      what values each tensor takes over the calibration positions
scheme      scales and zero points that follow from the ranges; who reads rounded values
write       Q/DQ nodes and integer weights for a scheme
sensitivity what each layer costs, in accuracy and in time; which go back to float
twin, qat   the same rounding in torch, and the training that gets used to it
"""
