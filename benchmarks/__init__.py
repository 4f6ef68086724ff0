"""Every speed claim of the documents, measured against its peers: `python -m benchmarks`."""
