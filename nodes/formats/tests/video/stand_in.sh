#!/bin/sh
# Stands in for a program under the name of a link to it, and does what the file beside the link says.
. "$0.does"
