# shellcheck shell=sh
# ./dev lint: every rule that a machine can check. Each step can be asked for by name; without names, all of them.

LINT_STEPS="rules tests shell format docs headers tidy"

dev_lint() {
  tidy_scope=--changed
  case ${1:-} in --all | --deep) tidy_scope=$1 && shift ;; esac
  [ $# -gt 0 ] || eval "set -- $LINT_STEPS"
  need_lint
  broken=
  for step; do
    case " $LINT_STEPS " in *" $step "*) ;; *) fail "lint has no step '$step'; its steps: $LINT_STEPS" ;; esac
    begin=$(date +%s)
    if "lint_$step"; then outcome=clean; else outcome=BROKEN broken="$broken $step"; fi
    say "lint $step: $outcome, $(($(date +%s) - begin)) s"
  done
  [ -z "$broken" ] || fail "lint found something in:$broken"
}

lint_rules() { python3 "$ROOT/tools/lint/check_rules.py"; }

# Every rule has a test that plants a violation and expects it to be found.
lint_tests() { python3 -m unittest discover --quiet --start-directory "$ROOT/tests/lint" --pattern '*_test.py'; }

lint_shell() {
  find "$ROOT/tools" "$ROOT/tests" "$ROOT/examples" -name '*.sh' -print0 | xargs -0 shellcheck "$ROOT/dev" "$ROOT/.ci/run"
}

lint_format() { each_source clang-format --dry-run --Werror || { say "./dev format puts it right" && return 1; }; }

dev_format() {
  need_lint
  each_source clang-format -i
}

each_source() {
  find "$ROOT/intertie" "$ROOT/tests" "$ROOT/fuzz" "$ROOT/bench" "$ROOT/tools/wan" \( -name '*.h' -o -name '*.cpp' \) -print0 | xargs -0 "$@"
}

# The pages that the program writes about itself are the ones in docs/.
lint_docs() {
  preset=$(core_preset)
  build "$preset" intertie >/dev/null
  for page in commands run-file events exit-codes; do
    "$ROOT/build/$preset/bin/intertie" docs "$page" | diff -u "$ROOT/docs/$page.md" - ||
      { say "docs/$page.md is not what the program says: build/$preset/bin/intertie docs $page > docs/$page.md" && return 1; }
  done
}

lint_headers() { build "$(core_preset)" header_check; }

lint_tidy() {
  configure tidy
  python3 "$ROOT/tools/lint/run_tidy.py" --build build/tidy --jobs "$(nproc)" "$tidy_scope"
}
