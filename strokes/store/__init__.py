"""The HDF5 dataset: its schema, reader, writer, checksums, shards and parts."""
