"""What is outside: the wire to a platform, and a simulator of one."""
