# planet_commit(FOLDER COMMIT LOG): in COMMIT the commit of FOLDER, with "-dirty" if files differ from it; in
# LOG the file to which git writes every commit, so that a build can notice the next one. Both are empty
# unless FOLDER is the root of a repository. Sources that were unpacked or copied into another project's
# repository would otherwise be named after that project's commit, as would those that a hook builds,
# for which git sets GIT_DIR.
function(planet_commit folder commit_variable log_variable)
  set(git ${CMAKE_COMMAND} -E env --unset=GIT_DIR --unset=GIT_WORK_TREE --unset=GIT_INDEX_FILE git)
  execute_process(COMMAND ${git} rev-parse --show-prefix WORKING_DIRECTORY ${folder}
    RESULT_VARIABLE failed OUTPUT_VARIABLE below_root OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(commit "")
  set(log "")
  if(NOT failed AND NOT below_root)
    execute_process(COMMAND ${git} describe --always --dirty WORKING_DIRECTORY ${folder}
      OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    execute_process(COMMAND ${git} rev-parse --git-path logs/HEAD WORKING_DIRECTORY ${folder}
      OUTPUT_VARIABLE log OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    get_filename_component(log "${log}" ABSOLUTE BASE_DIR ${folder})
    if(NOT EXISTS "${log}")  # somebody has switched it off
      set(log "")
    endif()
  endif()
  set(${commit_variable} "${commit}" PARENT_SCOPE)
  set(${log_variable} "${log}" PARENT_SCOPE)
endfunction()
