# Sets up the article's environment for the programs of this build. Source it from a shell:
#
#   . ./env.sh [KMDATA]
#
# Sets NFAST_HOME, NFAST_KMDATA (to KMDATA; without it, keeps the current value or uses ~/kmdata) and PATH.
# $NFAST_HOME has the programs under both names, NAME and NAME.exe, and python/bin/python, as in the article.
NFAST_HOME=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")" && pwd)/build/nfast
NFAST_KMDATA=${1:-${NFAST_KMDATA:-$HOME/kmdata}}
case $NFAST_KMDATA in
/*) ;;
*) NFAST_KMDATA=$PWD/$NFAST_KMDATA ;;
esac
export NFAST_HOME NFAST_KMDATA
mkdir -p "$NFAST_HOME/bin" "$NFAST_HOME/python/bin"
for program in "$NFAST_HOME"/../src/tools/* "$NFAST_HOME"/../src/*/*d; do
	[ -f "$program" ] && [ -x "$program" ] || continue
	ln -sf "$(cd "$(dirname "$program")" && pwd)/$(basename "$program")" "$NFAST_HOME/bin/$(basename "$program")"
	ln -sf "$(basename "$program")" "$NFAST_HOME/bin/$(basename "$program").exe"
done
ln -sf "$(command -v python3)" "$NFAST_HOME/python/bin/python"
ln -sf "$NFAST_HOME/../../python/verifykeypackage.py" "$NFAST_HOME/bin/verifykeypackage.py"
case ":$PATH:" in
*":$NFAST_HOME/bin:"*) ;;
*) PATH=$NFAST_HOME/bin:$NFAST_HOME/python/bin:$PATH ;;
esac
unset program
