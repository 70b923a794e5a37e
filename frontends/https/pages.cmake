# The files of web/ become a part of the program, each as it is and by gzip: page_files[] of pages.h.
# Sets pages_source.
file(GLOB_RECURSE pages_files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/web web/*)
list(SORT pages_files)
set(pages_source ${CMAKE_CURRENT_BINARY_DIR}/pages_files.c)
set(pages_code "#include \"pages.h\"\n")
set(pages_rows)
set(pages_inputs)
set(pages_index 0)
foreach(file ${pages_files})
	set(plain ${CMAKE_CURRENT_SOURCE_DIR}/web/${file})
	set(packed ${CMAKE_CURRENT_BINARY_DIR}/web/${file}.gz)
	get_filename_component(folder ${packed} DIRECTORY)
	add_custom_command(OUTPUT ${packed}
		COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
		COMMAND gzip -9nc ${plain} > ${packed}
		DEPENDS ${plain} VERBATIM)
	list(APPEND pages_inputs ${plain} ${packed})
	set(names)
	foreach(kind plain packed)
		set(name page_${pages_index}_${kind})
		string(APPEND pages_code
			"__asm__(\".pushsection .rodata\\n\"\n"
			"\t\"${name}: .incbin \\\"${${kind}}\\\"\\n\"\n"
			"\t\"${name}_end: .popsection\\n\");\n"
			"extern const uint8_t ${name}[], ${name}_end[];\n")
		string(APPEND names ", ${name}, ${name}_end")
	endforeach()
	string(APPEND pages_rows "\t{\"/${file}\"${names}},\n")
	math(EXPR pages_index "${pages_index} + 1")
endforeach()
string(APPEND pages_code "const struct page_file page_files[] = {\n${pages_rows}};\n"
	"const size_t page_file_count = ${pages_index};\n")
file(GENERATE OUTPUT ${pages_source} CONTENT "${pages_code}")
set_source_files_properties(${pages_source} PROPERTIES OBJECT_DEPENDS "${pages_inputs}")
