"""sqlparse==0.6.1: SQL taken apart and laid out"""


class Use:
    def process(self, item):
        import sqlparse

        text = sqlparse.format("select a,b from t where x=1", reindent=True, keyword_case="upper")
        assert text.splitlines()[0] == "SELECT a,"
        assert len(sqlparse.split("select 1; select 2;")) == 2
        return text
