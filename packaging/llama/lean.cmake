# Read by CMake right after llama-cpp-python's project() line (see ./dev, which names this file in CMAKE_ARGS).

# The bindings load llama, ggml and mtmd; llama.cpp's "common" library with its vendored HTTP server is only for
# its own programs. A normal variable wins over the forced cache entry (policy CMP0126).
set(LLAMA_BUILD_COMMON OFF)

# The voice activity detector brings a ggml of its own, and the loader takes two libraries of one name for one. In the
# program they live in different processes; in the tests they meet, so ours gets a name of its own.
function(deskhand_own_names)
  foreach(library ggml-base ggml-cpu ggml)
    if(TARGET ${library})
      set_target_properties(${library} PROPERTIES SOVERSION llama)
    endif()
  endforeach()
endfunction()
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL deskhand_own_names)
