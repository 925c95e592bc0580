// What libjpeg-turbo says of itself.
#define JVERSION "6b"
#define JCOPYRIGHT1 "libjpeg-turbo 3.1.0, as it comes with the crate turbojpeg-sys\n"
#define JCOPYRIGHT2 ""
#define JCOPYRIGHT_SHORT JCOPYRIGHT1
