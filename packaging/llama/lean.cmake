# Read by CMake right after llama-cpp-python's project() line (see ./dev, which names this file in CMAKE_ARGS).
# The bindings load llama, ggml and mtmd; llama.cpp's "common" library with its vendored HTTP server is only for
# its own programs. A normal variable wins over the forced cache entry (policy CMP0126).
set(LLAMA_BUILD_COMMON OFF)
