"""faker==40.63.0: made-up people"""


class Use:
    def process(self, item):
        from faker import Faker

        fake = Faker(["en_US", "de_DE"])
        Faker.seed(1)
        assert "@" in fake.email() and fake.date_of_birth().year > 1900
        return len(fake.sentences(3))
