"""peewee==4.5.3: a small ORM, over SQLite"""


class Use:
    def process(self, item):
        import peewee

        db = peewee.SqliteDatabase(":memory:")

        class Person(peewee.Model):
            name = peewee.CharField(unique=True)

            class Meta:
                database = db

        db.create_tables([Person])
        Person.create(name="a")
        assert Person.select().where(Person.name.startswith("a")).count() == 1
        try:
            Person.create(name="a")
        except peewee.IntegrityError:
            return Person.get().name
