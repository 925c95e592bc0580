"""botocore==1.44.8: a request to a cloud, signed but not sent"""


class Use:
    def process(self, item):
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        request = AWSRequest("GET", "https://s3.eu-west-1.amazonaws.com/bucket/key")
        SigV4Auth(Credentials("key", "secret"), "s3", "eu-west-1").add_auth(request)
        assert "Signature=" in request.headers["Authorization"]

        import botocore.session

        client = botocore.session.get_session().create_client(
            "s3", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        url = client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
        assert "X-Amz-Signature" in url or "Signature" in url
        return client.meta.region_name
