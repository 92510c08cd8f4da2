# what had left was asked for once more, to be written down, where another was by then
seed 450644275
until 535726
112742 unmap-many 13896027678974645612
297830 return-hand 14182381097945459077
475512 detach 10831656566379614418
475660 delete-by-others 10616366614205128506
