"""A browser for pages whose text scripts bring, with the guard around all its connections."""
