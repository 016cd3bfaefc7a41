"""The load client. It speaks the public protocol and knows nothing of the server's inside."""
