/// The graphs, cells and texts that ship with graphc.
