"""django==5.2.19: templates, forms and models without a server"""


class Use:
    def process(self, item):
        import django
        from django.conf import settings

        settings.configure(
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
            USE_TZ=True,
        )
        django.setup()
        from django import forms
        from django.db import connection, models
        from django.template import engines

        class Form(forms.Form):
            age = forms.IntegerField(min_value=0)

        class Person(models.Model):
            name = models.CharField(max_length=10)

            class Meta:
                app_label = "app"

        assert not Form({"age": "-1"}).is_valid() and Form({"age": "3"}).is_valid()
        text = engines["django"].from_string("{{ n|add:2 }} {{ x }}").render({"n": 1, "x": "<"})
        assert text == "3 &lt;"
        with connection.schema_editor() as editor:
            editor.create_model(Person)
        Person.objects.create(name="a")
        return Person.objects.filter(name__startswith="a").count()
