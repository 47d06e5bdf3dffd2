"""A region's own cluster: what MirrorMaker 2 copies there, with which settings and rights, from locked jars."""
