"""The networks of "MNIST to handwriting" (2017): an LSTM trained by drawing pictures again."""
