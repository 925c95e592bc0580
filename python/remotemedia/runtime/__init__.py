"""What carries nodes: the event loop, the bridge to the executor, the native runner."""
