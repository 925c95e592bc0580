"""networkx==3.6.1: graphs"""


class Use:
    def process(self, item):
        import networkx as nx

        graph = nx.Graph()
        graph.add_weighted_edges_from([("a", "b", 1), ("b", "c", 2), ("a", "c", 5)])
        assert nx.shortest_path(graph, "a", "c", weight="weight") == ["a", "b", "c"]
        assert nx.is_connected(graph)
        text = "\n".join(nx.generate_graphml(graph))
        assert nx.parse_graphml(text).number_of_edges() == 3
        return sorted(nx.degree_centrality(graph))
