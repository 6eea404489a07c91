<?php
// Verifies a webhook of Doorbuster with PHP alone, as the Standard Webhooks specification says:
//   ORDER_WEBHOOK_SECRET=whsec_… php verify.php < request.txt
// The request is its headers, an empty line, and the body, byte for byte. Two secrets are separated by a comma.
declare(strict_types=1);

/** Seconds. A request that somebody recorded is worthless after them. */
const TOLERANCE = 300;
/** Bytes, as the specification says. Anyone can sign with the key of an empty secret. */
const SHORTEST_KEY = 24;

/**
 * Why a request is invalid. Null: it is valid.
 *
 * @param array<string, string> $headers by their names in lowercase
 * @param string $body as it arrived: file_get_contents('php://input')
 * @param list<string> $secrets
 */
function fault_of(array $headers, string $body, array $secrets, ?int $now = null): ?string
{
    $id = $headers['webhook-id'] ?? '';
    $timestamp = $headers['webhook-timestamp'] ?? '';
    $signatures = $headers['webhook-signature'] ?? '';
    if ($id === '' || $timestamp === '' || $signatures === '') {
        return 'a header is missing';
    }
    if (preg_match('/^\d{1,15}$/D', $timestamp) !== 1) {
        return 'the timestamp is no number';
    }
    if (abs(($now ?? time()) - (int) $timestamp) > TOLERANCE) {
        return 'too old, or from the future';
    }
    foreach ($secrets as $secret) {
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret), true);
        if ($key === false || strlen($key) < SHORTEST_KEY) {
            continue;
        }
        $hmac = base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
        foreach (explode(' ', $signatures) as $signature) {
            if (hash_equals("v1,$hmac", $signature)) {
                return null;
            }
        }
    }
    return 'no signature matches';
}

[$head, $body] = preg_split('/\r?\n\r?\n/', (string) file_get_contents('php://stdin'), 2) + ['', ''];
$headers = [];
foreach (preg_split('/\r?\n/', $head) as $line) {
    [$name, $value] = explode(':', $line, 2) + ['', ''];
    $headers[strtolower(trim($name))] = trim($value);
}
$secrets = array_map('trim', explode(',', (string) getenv('ORDER_WEBHOOK_SECRET')));
$fault = fault_of($headers, $body, $secrets);
echo $fault === null ? "valid\n" : "invalid: $fault\n";
exit($fault === null ? 0 : 1);
