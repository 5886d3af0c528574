package switchboard

import android.os.Bundle
import android.os.SystemClock
import org.json.JSONObject

/** A ring, as a push or the app brings it. Whoever has [ticket] can decline it: it is never logged. */
data class Ring(
    val id: String,
    val ticket: String?,
    val name: String?,
    val isVideo: Boolean,
    /** By the phone's clock since its start, which nobody sets. */
    val endsAt: Long,
) {
    val leftMs: Long get() = endsAt - SystemClock.elapsedRealtime()

    fun toBundle() = Bundle().apply {
        putString("id", id)
        putString("ticket", ticket)
        putString("nameCaller", name)
        putBoolean("isVideo", isVideo)
        putLong("endsAt", endsAt)
    }

    companion object {
        /** Where a push says nothing (`PUSH_PAYLOAD=minimal`): the first look at the call knows it. */
        private const val USUAL_SECONDS = 45L

        fun of(bundle: Bundle?): Ring? {
            val id = bundle?.getString("id") ?: return null
            return Ring(
                id,
                bundle.getString("ticket"),
                bundle.getString("nameCaller"),
                bundle.getBoolean("isVideo"),
                bundle.getLong("endsAt"),
            )
        }

        /** Every value of an FCM message is a string; the app's own has numbers too. */
        fun of(fields: Map<*, *>): Ring? {
            val id = fields["id"] as? String ?: return null
            val seconds = fields["ringSeconds"]?.toString()?.toLongOrNull() ?: USUAL_SECONDS
            return Ring(
                id.lowercase(),
                fields["ticket"] as? String,
                (fields["nameCaller"] as? String)?.ifBlank { null },
                fields["kind"] == "video",
                SystemClock.elapsedRealtime() + seconds * 1000,
            )
        }
    }
}

/** As much of a call's JSON as a phone that rings has to know. */
class LookedAt(json: JSONObject) {
    private val call = json.getJSONObject("call")
    private val me = call.getJSONObject("me")
    private val state: String = me.getString("state")
    private val isSeated = state == "joining" || state == "joined" || state == "lost"

    val version: Long = call.getLong("version")
    val isVideo: Boolean = call.optString("kind") == "video"
    val ringMs: Long = me.optLong("ringSeconds", 0) * 1000
    val rings: Boolean = state == "ringing" && ringMs > 0

    /** Why the ring has ended, in the words of a push that stops one. */
    val cause: String
        get() = when {
            isSeated -> "answered_elsewhere"
            state == "declined" || state == "busy" -> "declined_elsewhere"
            state == "missed" || state == "ringing" -> "over"
            call.optString("outcome") == "cancelled" -> "cancelled"
            else -> "ended"
        }

    val callerName: String?
        get() {
            val caller = call.optString("caller")
            val parties = call.optJSONArray("parties") ?: return null
            for (index in 0 until parties.length()) {
                val party = parties.optJSONObject(index) ?: continue
                if (party.optString("uid") != caller) continue
                return party.optString("name").ifBlank { null }
            }
            return null
        }
}
