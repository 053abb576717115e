"""An engineer's whole way over HTTP, in named steps; what it opens is always closed again."""
