// The peer that Java programs use: how many DSTU 4145 signatures BouncyCastle verifies per second
// of CPU time on one thread, over the keys and signatures that the benchmark hands it.
//
// Input, one line each: curve number (the last arc of its object identifier), the public key
// (compressed point), the digest and the signature, in hexadecimal, as they stand in certificates
// and messages (little-endian). Output: `<curve> <new|known> <verifications per second>`.

import java.lang.management.ManagementFactory;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ua.DSTU4145NamedCurves;
import org.bouncycastle.asn1.ua.DSTU4145PointEncoder;
import org.bouncycastle.asn1.ua.UAObjectIdentifiers;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.signers.DSTU4145Signer;
import org.bouncycastle.util.encoders.Hex;

public final class BouncyCastle {
    private static final double SECONDS = 2.0;

    private record Case(ECDomainParameters curve, byte[] key, byte[] digest, BigInteger r, BigInteger s) {
        ECPublicKeyParameters readKey() {
            var point = DSTU4145PointEncoder.decodePoint(curve.getCurve(), key);
            return new ECPublicKeyParameters(curve.validatePublicPoint(point), curve);
        }

        boolean holds(ECPublicKeyParameters key) {
            var signer = new DSTU4145Signer();
            signer.init(false, key);
            return signer.verifySignature(digest, r, s);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Map<Integer, List<Case>> cases = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            String[] parts = line.split(" ");
            int number = Integer.parseInt(parts[0]);
            cases.computeIfAbsent(number, any -> new ArrayList<>()).add(read(number, parts));
        }
        for (var entry : cases.entrySet()) {
            List<Case> all = entry.getValue();
            List<ECPublicKeyParameters> keys = all.stream().map(Case::readKey).toList();
            report(entry.getKey(), "new", index -> all.get(index).holds(all.get(index).readKey()), all.size());
            report(entry.getKey(), "known", index -> all.get(index).holds(keys.get(index)), all.size());
        }
    }

    private static Case read(int number, String[] parts) {
        var oid = new ASN1ObjectIdentifier(UAObjectIdentifiers.dstu4145le + ".2." + number);
        byte[] key = reversed(Hex.decode(parts[1]));
        byte[] signature = Hex.decode(parts[3]);
        int half = signature.length / 2;
        var r = new BigInteger(1, reversed(Arrays.copyOfRange(signature, 0, half)));
        var s = new BigInteger(1, reversed(Arrays.copyOfRange(signature, half, signature.length)));
        return new Case(DSTU4145NamedCurves.getByOID(oid), key, Hex.decode(parts[2]), r, s);
    }

    private interface Check {
        boolean holds(int index);
    }

    private static void report(int curve, String kind, Check check, int count) {
        run(check, count); // the first run warms the compiler up
        System.out.printf("%d %s %.1f%n", curve, kind, run(check, count));
    }

    private static double run(Check check, int count) {
        var threads = ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        long done = 0;
        double elapsed;
        do {
            for (int index = 0; index < count; index++, done++) {
                if (!check.holds(index)) {
                    throw new IllegalStateException("BouncyCastle refuses signature " + index);
                }
            }
            elapsed = (threads.getCurrentThreadCpuTime() - start) / 1e9;
        } while (elapsed < SECONDS);
        return done / elapsed;
    }

    private static byte[] reversed(byte[] bytes) {
        byte[] turned = bytes.clone();
        for (int i = 0; i < bytes.length; i++) {
            turned[i] = bytes[bytes.length - 1 - i];
        }
        return turned;
    }
}
