# P9: 05/25/00 of a target that was restoring itself was taken for the array's word
seed 12
until 197084
128487 reconfigure 7025112098474553668
131639 failover 17075986279737802089
136994 detach 7447251206029480835
