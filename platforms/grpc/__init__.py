"""gRPC as far as a probe needs it: one unary call over HTTP/2, and the two messages of the health service."""
