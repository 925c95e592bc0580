"""rsa==4.9.1: keys, signatures, encryption"""


class Use:
    def process(self, item):
        import rsa

        public, private = rsa.newkeys(512)
        signature = rsa.sign(b"text", private, "SHA-256")
        assert rsa.verify(b"text", signature, public) == "SHA-256"
        assert rsa.decrypt(rsa.encrypt(b"hi", public), private) == b"hi"
        try:
            rsa.verify(b"other", signature, public)
        except rsa.VerificationError:
            return "verified"
