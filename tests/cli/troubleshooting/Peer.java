import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.cert.Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import javax.net.ssl.*;

/** Makes the calls that stdin names, and prints the error of each. */
class Peer {
    public static void main(String[] none) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) {
            String[] fields = line.split("\t", -1);
            try {
                call(fields);
            } catch (Exception error) {
                System.out.println(fields[0] + "\t" + error);
            }
        }
    }

    static void call(String[] fields) throws Exception {
        URLConnection connection = new URL(fields[1]).openConnection();
        int limit = Integer.parseInt(fields[6]) * 1000;
        connection.setConnectTimeout(limit);
        connection.setReadTimeout(limit);
        if (connection instanceof HttpsURLConnection https) {
            https.setSSLSocketFactory(factory(fields));
        }
        connection.setRequestProperty("Connection", "close");
        try (InputStream answer = connection.getInputStream()) {
            answer.readAllBytes();
        }
    }

    static SSLSocketFactory factory(String[] fields) throws Exception {
        KeyStore anchors = empty();
        for (Certificate ca : certificates(fields[2])) {
            anchors.setCertificateEntry("ca" + anchors.size(), ca);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(anchors);
        KeyManager[] keys = null;
        if (!fields[3].isEmpty()) {
            Certificate[] chain = certificates(fields[3]).toArray(new Certificate[0]);
            KeyStore own = empty();
            own.setKeyEntry("own", key(fields[4]), new char[0], chain);
            KeyManagerFactory manager = KeyManagerFactory.getInstance("SunX509");
            manager.init(own, new char[0]);
            keys = new KeyManager[] {new Always((X509KeyManager) manager.getKeyManagers()[0])};
        }
        SSLContext context = SSLContext.getInstance(fields[5].isEmpty() ? "TLS" : "TLSv1.2");
        context.init(keys, trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    static KeyStore empty() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    static Collection<? extends Certificate> certificates(String file) throws Exception {
        try (InputStream pem = Files.newInputStream(Path.of(file))) {
            return CertificateFactory.getInstance("X.509").generateCertificates(pem);
        }
    }

    static PrivateKey key(String file) throws Exception {
        String text = Files.readString(Path.of(file)).replaceAll("-----[^-]*-----", "");
        byte[] der = Base64.getMimeDecoder().decode(text);
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    /** Presents the certificate to every server: Java's own manager leaves out what does not fit. */
    record Always(X509KeyManager own) implements X509KeyManager {
        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return "own";
        }
        public X509Certificate[] getCertificateChain(String alias) {
            return own.getCertificateChain("own");
        }
        public PrivateKey getPrivateKey(String alias) {
            return own.getPrivateKey("own");
        }
        public String[] getClientAliases(String type, Principal[] issuers) {
            return new String[] {"own"};
        }
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
            return null;
        }
        public String[] getServerAliases(String type, Principal[] issuers) {
            return null;
        }
    }
}
