# Sourced by build.sh: as lx6, with 16-bit products in the place of MULSH.
. "$here/lx6/settings.sh"
flags+=(-UUPYML_MULSH -DUPYML_MULSH=0)
