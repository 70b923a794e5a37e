# How everything is compiled.

option(KEYSTORE_TESTS "Build tests and benchmarks" ON)
option(KEYSTORE_FUZZ "Build fuzz targets (clang)" OFF)
set(KEYSTORE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

add_compile_definitions(_GNU_SOURCE KEYSTORE_VERSION="${PROJECT_VERSION}")
add_compile_options(-Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
	-Wold-style-definition -Wpointer-arith -Wwrite-strings -Wswitch-enum
	-Wundef -Wformat=2 -Wvla -Wimplicit-fallthrough -fno-common -fstack-protector-strong)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
	# clang's -Wcast-qual also means what the initialisers of protoc-c expand to, and it has no
	# -Wformat-truncation.
	add_compile_options(-Wcast-qual -Wno-format-truncation)
endif()
add_link_options(-Wl,-z,relro,-z,now -Wl,--as-needed)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
	add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(KEYSTORE_SANITIZE)
	add_compile_options(-fsanitize=${KEYSTORE_SANITIZE} -fno-sanitize-recover=all
		-fno-omit-frame-pointer)
	add_link_options(-fsanitize=${KEYSTORE_SANITIZE})
endif()
if(CMAKE_C_COMPILER_ID STREQUAL "Clang" AND CMAKE_C_COMPILER_VERSION VERSION_LESS 17)
	# [[nodiscard]] before C23: gcc and later clangs take it as it is.
	add_compile_options(-fdouble-square-bracket-attributes)
endif()
if(KEYSTORE_FUZZ)
	# Everything reports what it covered; the fuzz targets alone get libFuzzer's main().
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
