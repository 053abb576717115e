"""Programs of our own that steps run in a process apart (`drills.apart`), each as a file and with libraries only."""
