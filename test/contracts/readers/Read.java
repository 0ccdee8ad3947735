import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.HexFormat;

/** Reads {"text" | "day" | "moment": …} a line, and prints what it read: see readers.ts. */
class Read {
  public static void main(String[] args) throws Exception {
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var json = new ObjectMapper();
    var out = new StringBuilder();
    for (String line; (line = lines.readLine()) != null; ) {
      JsonNode one = json.readTree(line);
      if (one.has("text")) out.append(HexFormat.of().formatHex(one.get("text").textValue().getBytes(StandardCharsets.UTF_8)));
      else if (one.has("day")) out.append(LocalDate.parse(one.get("day").textValue()).toEpochDay());
      else {
        var at = OffsetDateTime.parse(one.get("moment").textValue()).toInstant();
        out.append(at.getEpochSecond()).append(' ').append(at.getNano());
      }
      out.append('\n');
    }
    System.out.print(out);
  }
}
