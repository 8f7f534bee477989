# planet_commit(FOLDER VARIABLE): the commit of FOLDER, with "-dirty" if files differ from it; empty unless
# FOLDER is the root of a repository. Sources that were unpacked or copied into another project's
# repository would otherwise be named after that project's commit, as would those that a hook builds,
# for which git sets GIT_DIR.
function(planet_commit folder variable)
  set(git ${CMAKE_COMMAND} -E env --unset=GIT_DIR --unset=GIT_WORK_TREE --unset=GIT_INDEX_FILE git)
  execute_process(COMMAND ${git} rev-parse --show-prefix WORKING_DIRECTORY ${folder}
    RESULT_VARIABLE failed OUTPUT_VARIABLE below_root OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(commit "")
  if(NOT failed AND NOT below_root)
    execute_process(COMMAND ${git} describe --always --dirty WORKING_DIRECTORY ${folder}
      OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  set(${variable} "${commit}" PARENT_SCOPE)
endfunction()
