package switchboard

import android.content.Context
import android.content.pm.PackageManager
import java.io.File
import java.util.UUID

/** What this app on this phone is called, and where its server is. */
object Installation {
    /** Kept where no backup brings it to another phone, which would be taken for this one. */
    @Synchronized
    fun id(context: Context): String {
        val file = File(context.noBackupFilesDir, "switchboard-installation")
        val kept = if (file.exists()) file.readText().trim() else ""
        if (kept.isNotEmpty()) return kept
        return UUID.randomUUID().toString().also { file.writeText(it) }
    }

    /** From the manifest: it is asked while no Dart runs. */
    fun baseUrl(context: Context): String {
        val data = context.packageManager
            .getApplicationInfo(context.packageName, PackageManager.GET_META_DATA)
            .metaData
        val url = data?.getString("switchboard.base_url")
        return requireNotNull(url) { "switchboard.base_url is missing in AndroidManifest.xml" }
            .trimEnd('/')
    }
}
