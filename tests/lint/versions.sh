#!/usr/bin/env bash
# versions.sh ROOT [PROGRAM …]: the version stands in one place, CMakeLists.txt's project(). Does
# everything else that names one agree: the documents' examples, the newest release in the change
# log, the page's package, and what each PROGRAM answers to --version?
set -euo pipefail
cd "$1"
shift
faults=0
fault() { echo "$1; expected $version, as in CMakeLists.txt"; ((++faults)); }

version=$(sed -n 's/^project(chirm VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
[[ -n $version ]] || { echo "CMakeLists.txt: no version in project()"; exit 1; }

while IFS=: read -r file line said; do
  [[ $said == "chirm $version" ]] || fault "$file:$line: \"$said\""
done < <(grep -noE 'chirm [0-9]+\.[0-9]+\.[0-9]+' README.md docs/*.md)

released=$(sed -n 's/^## \[\([0-9.]*\)\].*/\1/p' CHANGELOG.md | head -n 1)
[[ $released == "$version" ]] || fault "CHANGELOG.md: the newest release is \"$released\""

# The page is never published by itself, so its package needs none.
packaged=$(sed -n 's/^  "version": "\(.*\)",*$/\1/p' web/package.json)
[[ -z $packaged || $packaged == "$version" ]] || fault "web/package.json: \"$packaged\""

for program; do
  said=$("$program" --version)
  [[ $said == "chirm $version" ]] || fault "$(basename "$program") --version: \"$said\""
done
((faults == 0))
