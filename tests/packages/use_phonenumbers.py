"""phonenumbers==9.0.43: numbers of telephones"""


class Use:
    def process(self, item):
        import phonenumbers
        from phonenumbers import geocoder

        number = phonenumbers.parse("020 8366 1177", "GB")
        assert phonenumbers.is_valid_number(number)
        assert geocoder.description_for_number(number, "en") == "London"
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
