"""nltk==3.10.4: stems, distances and trees"""


class Use:
    def process(self, item):
        from nltk.metrics import edit_distance
        from nltk.stem import PorterStemmer
        from nltk.tokenize import RegexpTokenizer, wordpunct_tokenize
        from nltk.tree import Tree

        assert PorterStemmer().stem("running") == "run"
        assert wordpunct_tokenize("Don't stop.") == ["Don", "'", "t", "stop", "."]
        assert edit_distance("kitten", "sitting") == 3
        assert RegexpTokenizer(r"\w+").tokenize("a, b") == ["a", "b"]
        return Tree.fromstring("(S (NP I) (VP run))").leaves()
