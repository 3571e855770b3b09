"""Pictures to drawings: the pen networks, the published networks, and tracing."""
